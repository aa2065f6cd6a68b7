"""Resources of cloud accounts: how AWS is asked, and what each kind of resource is asked about."""
