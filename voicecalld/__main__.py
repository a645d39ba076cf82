"""`python -m voicecalld` is the daemon."""

from voicecalld.daemon import main

if __name__ == "__main__":
    main()
