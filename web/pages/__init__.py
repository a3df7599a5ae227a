"""HTML for people, without JavaScript.

================  =================================================
``views``         the search page, the article page, the feed
``translations``  every text of the page, in Vietnamese and English
================  =================================================

``templates/`` has the HTML, ``static/`` the style sheet and the icon. Templates take their words from
``translations`` and treat as safe only HTML that ``search.snippets.fragments`` rendered.
"""
