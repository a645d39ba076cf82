"""All simulated speech services and agents at once, each on a port of its own.

They speak the protocols of the real ones and understand nothing: the voices hum, the transcribers
hear what --hears tells them to, and the agents say back what they are told, press a key when they
are told "press", and end the call at "goodbye". What is printed are the settings for a daemon.
"""

from tests.services.running import run_all

if __name__ == "__main__":
    run_all(__doc__)
