"""From feeds, sitemaps and pages of the web to articles in the store: within limits, politely, and nowhere inside.

==============  ======================================================================
``addresses``   where a request may go: URLs, and the address a socket is connected to
``download``    one HTTP request, within limits of time and size
``politeness``  polite visits: robots.txt, pauses, redirects
``links``       the links of articles, and the ids made of them
``feeds``       RSS and Atom feeds to entries
``sitemaps``    sitemaps to entries
``fetch``       feeds, sitemaps and pages of the web into the store and the index
==============  ======================================================================
"""
