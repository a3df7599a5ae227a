"""From feeds, sitemaps and web pages to articles in the store: within limits, politely, and not into private networks.

==============  ======================================================================
``addresses``   where a request may go: URLs, and the address a socket connects to
``download``    one HTTP request, within limits of time and size
``politeness``  polite visits: robots.txt, pauses, redirects
``links``       article links, and the ids made from them
``sitemaps``    sitemaps to entries
``fetch``       read feeds, sitemaps and web pages into the store and the index
==============  ======================================================================
"""
