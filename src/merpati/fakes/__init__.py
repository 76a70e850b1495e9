"""Other people's servers, played on this machine, so that what speaks to them is tried without the internet.

Owns no table; emits and hears nothing. A fake shares no code with what it judges.
"""
