"""CyberVault Threats API v2: keys, limits by minute and hour."""
