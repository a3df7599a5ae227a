"""The commands of ``timtin``, by what they do; ``web.cli`` puts them together.

=================  ===============================================================================
``base``           what every command shares: how it fails, texts and numbers, output
``places``         where the articles are: a data folder, a cluster, a service
``progress``       how far a command is, on a terminal
``answers``        what an archive here and a service elsewhere answer alike
``local``          the answers of an archive here
``remote``         the answers of a service, asked with ``timtin.client``
``shown``          answers as text
``answering``      ``search``, ``suggest``, ``similar``, ``analyze``, ``evaluate``
``articles``       ``get``, ``put``, ``delete``, ``export``, ``tasks``, ``stats``
``writing``        ``index``, ``watch``, ``fetch``
``reading_shown``  how articles were read, or would be, in words
``moving``         ``move``: from a data folder to a cluster, and back
``serving``        ``serve``
``configuring``    ``config``, ``keys``
``keeping``        ``check``, ``backup``
``completing``     ``completion``
=================  ===============================================================================

What the commands work with is imported when they run, so that help and completion are there at once, and a command
that asks a service loads nothing of one. Exit codes: 0 found or done; 1 nothing found, or a failure, reported on
standard error; 2 wrong usage. After a change run ``make docs``.
"""
