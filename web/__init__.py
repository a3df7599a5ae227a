"""The interfaces: JSON API, search page, command line. Imports ``search`` and ``index``.

=================  =============================================================
``serving``        the HTTP server: processes, connections, whose turn it is
``app``            the application factory: it only wires
``services``       what a request works with: archive, answers, follower, metrics
``settings``       what a service may be told, with ranges and defaults
``configuration``  reads the settings: flags, environment, file
``cluster``        where an archive is: how to reach a cluster, with secrets from files
``keys``           keys with names, scopes and expiry, in the data folder
``access``         which scope a view needs, and whether a request's key has it
``sessions``       sessions of the desk: a signed cookie instead of a key
``addresses``      the URLs of searches
``assets``         style sheets, scripts, fonts, icons: files that browsers keep
``caching``        ETags: pages that have not changed are not sent again
``compression``    answers made shorter on the wire
``languages``      Vietnamese and English: which one a page speaks
``error_texts``    what people are told when something went wrong
``problems``       errors as ``application/problem+json``, or a page for people
``api``            ``/api/v1``
``pages``          the search page, the article page, the feed
``desk``           the pages for who runs the service
``operations``     health, the description of the API
``metrics``        what is counted, by all processes together
``logs``           log lines, a line for each request
``recent_errors``  the last errors, of all processes, for the desk
``query_log``      what is searched for, if that is to be noted
``terminal``       foreign text on a terminal: one line, no control characters
``cors``           which sites' scripts may read answers
``commands``       the commands of ``timtin``
``cli``            ``timtin`` itself: it only wires
=================  =============================================================

Every module is handed an ``Archive`` and does not know which store or engine is behind it. The parameters of a search
are declared in ``search.parameters``.
"""
