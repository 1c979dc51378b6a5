"""Servers as processes of ours: started, waited for, stopped by their own process id."""
