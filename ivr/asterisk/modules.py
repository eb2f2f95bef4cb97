"""The modules that Asterisk loads: only what a call of 110 needs, in an order that resolves their symbols.

`autoload=no` with a list: a module that is not there is not attacked, not configured and not paid for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivr.asterisk.errors import AsteriskUnusable

if TYPE_CHECKING:
    from pathlib import Path

#: Asterisk refuses to start without these: without one of them a caller would not reach the police queue.
REQUIRED = (
    "pbx_config",  # extensions.conf
    "app_exec",  # TryExec, the net under every application that may fail
    "app_dial",
    "res_timing_timerfd",
    "res_sorcery_config",
    "res_sorcery_memory",
    "res_sorcery_astdb",
    "res_pjproject",
    "res_pjsip",
    "res_pjsip_session",
    "res_pjsip_sdp_rtp",
    "res_pjsip_endpoint_identifier_ip",
    "res_rtp_asterisk",
    "chan_pjsip",
    "bridge_simple",
    "codec_alaw",
    "codec_ulaw",
)
#: Needed for the whole of the service, but a call still reaches a dispatcher without any of them.
WANTED = (
    "func_callerid",
    "func_cdr",
    "func_channel",
    "func_groupcount",
    "func_strings",
    "func_timeout",
    "func_uri",
    "res_musiconhold",
    "app_queue",
    "app_stack",
    "app_transfer",
    "app_userevent",
    "app_channelredirect",
    "res_speech",  # res_agi does not load without its symbols
    "res_agi",
    "res_audiosocket",
    "app_audiosocket",
    "res_geolocation",
    "res_pjsip_geolocation",
    "res_pjsip_pubsub",
    "res_pjsip_refer",
    "res_pjsip_registrar",
    "res_pjsip_authenticator_digest",
    "res_pjsip_endpoint_identifier_user",
    "res_pjsip_caller_id",
    "res_pjsip_dtmf_info",
    "res_pjsip_header_funcs",
    "res_pjsip_rfc3326",
    "res_pjsip_nat",
    "res_pjsip_path",
    "res_pjsip_diversion",
    "bridge_native_rtp",
    "bridge_softmix",
    "bridge_builtin_features",
    "codec_resample",
    "format_wav",
    "format_pcm",
    "res_cdrel_custom",  # cdr_custom does not load without its symbols
    "cdr_custom",
)
#: Without these the call could not be listened to: an Asterisk that lacks them is passed over at installation.
SPEECH = ("res_agi", "res_audiosocket", "app_audiosocket", "app_queue", "func_timeout", "func_groupcount")


def available(modules_dir: Path) -> frozenset[str]:
    """Names of the modules in the folder, without `.so`. Raises AsteriskUnusable when one that must be is not."""
    found = frozenset(path.stem for path in modules_dir.glob("*.so"))
    missing = [name for name in (*REQUIRED, *SPEECH) if name not in found]
    if missing:
        raise AsteriskUnusable(
            f"{modules_dir} lacks {', '.join(missing)}. Install all of Asterisk's modules (on Debian and Ubuntu the "
            "package asterisk-modules), or set `asterisk: binary: auto` and let a private one be installed."
        )
    return found
