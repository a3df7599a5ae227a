"""``/api/v1``: JSON for programs.

==============  ====================================================================
``parameters``  the parameters of requests other than searches
``blueprint``   the blueprint, and what its routes share
``search``      searches, completions, similar articles
``articles``    articles: read, put, delete, send in bulk
``tasks``       tasks, rebuilds, counts
``answers``     answers as JSON
``routes``      the blueprint with all its routes
``openapi``     the description of the API, made from the parameters and ``Article``
==============  ====================================================================

A field of an answer, once released, keeps its name and meaning. After a change of parameters run ``make docs``.
"""
