"""The commands of ``timtin``, by what they do; ``web.cli`` puts them together.

===============  ===============================================================================
``base``         what every command shares: options, the archive, progress, output, how it fails
``writing``      ``index``, ``watch``, ``fetch``
``reading_shown`` how articles were read, or would be, in words
``answering``    ``search``, ``suggest``, ``stats``, ``evaluate``
``moving``       ``move``: from a data folder to a cluster, and back
``serving``      ``serve``
``configuring``  ``config``, ``keys``
``keeping``      ``check``, ``export``, ``backup``
===============  ===============================================================================

Exit codes: 0 success, 1 failure, reported on standard error, 2 wrong usage. After a change run ``make docs``.
"""
