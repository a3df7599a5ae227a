"""The faces: JSON API, search page, command line. Imports ``search`` and ``index``.

================  =============================================================
``server``        serving over HTTP, by waitress
``request_body``  where the body of a request is kept until it is whole
``app``           the application factory: it only wires
``services``      what a request works with: archive, runner, answers, follower
``keys``          the key that allows writing
``problems``      errors as ``application/problem+json``, or a page for people
``api``           ``/api/v1``
``pages``         the search page, the article page, the feed
``operations``    health, metrics, the description of the API
``commands``      the commands of ``timtin``
``cli``           ``timtin`` itself: it only wires
================  =============================================================

Everything here is handed an ``Archive`` and knows no store or engine behind it. What a search may ask for is
declared in ``search.parameters``.
"""
