"""The faces of the house: JSON API, search page, command line. Imports ``search`` and ``index``.

==============  ====================================================================================
``app``         the application factory: it only wires
``services``    what the application works with: the engine and its follower
``parameters``  what a request may ask for, checked
``answers``     what an answer looks like as JSON
``api``         ``/api/v1``: search, suggestions, articles, tasks
``pages``       the search page, the article page, the feed
``operations``  health, metrics, the description of the API, the browser's search plug-in
``problems``    errors as ``application/problem+json``, or a page for people
``keys``        the key that allows writing
``texts``       the words of the page, in Vietnamese and English
``openapi``     the description of the API, made from ``parameters`` and ``index.article``
``receiving``   where a request's body is kept until it is whole, and what is said where it cannot
``server``      serving over HTTP
``terminal``    what is written for a terminal and the log: lines without control characters
``commands``    what each command does, by what it is for
``cli``         the ``timtin`` command, which puts them together
==============  ====================================================================================
"""
