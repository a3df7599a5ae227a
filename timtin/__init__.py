"""What programs use to talk to a timtin service. Imports nothing of the service itself.

==========  =========================================
``client``  the typed client of a service's HTTP API
==========  =========================================
"""
