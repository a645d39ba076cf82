"""Which parameters Telnyx knows, command by command; its own library is asked in a test.

They stand here because that library takes longer to load than a whole call takes to be simulated.
"""

from collections.abc import Collection, Mapping


def known(names: str) -> Collection[str]:
    """These, and those that every command has."""
    return frozenset(names.split()) | {"client_state", "command_id"}


KNOWN: Mapping[str, Collection[str]] = {
    "dial": known(
        """
        answering_machine_detection answering_machine_detection_config assistant audio_url
        billing_group_id bridge_intent bridge_on_answer conference_config connection_id
        conversation_relay_config custom_headers deepfake_detection dialogflow_config diversion
        enable_dialogflow from from_display_name link_to media_encryption media_name
        park_after_unbridge preferred_codecs prevent_double_bridge privacy record
        record_channels record_custom_file_name record_format record_max_length
        record_timeout_secs record_track record_trim retry_on_timeout route_to_mobile
        send_digits_on_answer send_silence_when_idle sip_auth_password sip_auth_username
        sip_headers sip_region sip_transport_protocol sound_modifications stream_auth_token
        stream_bidirectional_codec stream_bidirectional_mode stream_bidirectional_sampling_rate
        stream_bidirectional_target_legs stream_codec stream_establish_before_call_originate
        stream_track stream_url supervise_call_control_id supervisor_role time_limit_secs
        timeout_secs to transcription transcription_config webhook_retries_policies webhook_url
        webhook_url_method webhook_urls webhook_urls_method
        """
    ),
    "answer": known(
        """
        assistant billing_group_id conversation_relay_config custom_headers deepfake_detection
        preferred_codecs record record_channels record_custom_file_name record_format
        record_max_length record_timeout_secs record_track record_trim send_silence_when_idle
        sip_headers sound_modifications stream_bidirectional_codec stream_bidirectional_mode
        stream_bidirectional_target_legs stream_codec stream_track stream_url transcription
        transcription_config webhook_retries_policies webhook_url webhook_url_method
        webhook_urls webhook_urls_method
        """
    ),
    "reject": known("cause"),
    "hangup": known("custom_headers reason"),
    "speak": known(
        """
        language loop payload payload_type service_level stop target_legs voice voice_settings
        """
    ),
    "playback_stop": known("overlay stop"),
    "send_dtmf": known("digits duration_millis"),
    "transcription_start": known(
        """
        transcription_engine transcription_engine_config transcription_tracks
        """
    ),
    "transcription_stop": known(""),
    "gather": known(
        """
        gather_id initial_timeout_millis inter_digit_timeout_millis maximum_digits
        minimum_digits terminating_digit timeout_millis valid_digits
        """
    ),
    "gather_stop": known(""),
    "streaming_start": known(
        """
        custom_parameters dialogflow_config enable_dialogflow stream_auth_token
        stream_bidirectional_codec stream_bidirectional_mode stream_bidirectional_sampling_rate
        stream_bidirectional_target_legs stream_codec stream_track stream_url
        """
    ),
    "streaming_stop": known("stream_id"),
}
