"""HTML for people, whole without JavaScript.

================  =================================================
``blueprint``     the blueprint, and what pages share
``search_page``   the search page
``front_page``    what is shown without a search
``filters``       what narrows a search: filters set, values to choose
``timeline``      articles over time, as bars
``article_page``  the page of one article
``feeds``         the newest hits of a search as a feed
``sitemaps``      the archive for crawlers
``browsers``      icon, manifest, completions for a browser's own search box
``docs_page``     the description of the API for people
``shown``         dates as readers say them
``routes``        all of it: importing it adds the routes
================  =================================================

``templates/`` has the HTML, ``static/`` what pages load, ``translations/`` the Vietnamese texts (``web.languages``).
Templates treat as safe only HTML that ``search.snippets.fragments`` rendered.
"""
