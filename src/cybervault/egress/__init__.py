"""The one way out: every outgoing request passes the guard, the limits and the budget of this package."""
