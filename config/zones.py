"""Time zones come from the pinned `tzdata` package, never from the operating system's older files."""

import zoneinfo

import tzdata


def use_pinned_zones() -> str:
    """Make every zone that is loaded from now on the package's; its version, such as `2026f`."""
    zoneinfo.reset_tzpath(())
    zoneinfo.ZoneInfo.clear_cache()
    version: str = tzdata.IANA_VERSION
    return version
