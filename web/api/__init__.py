"""``/api/v1``: JSON for programs.

==============  ====================================================================
``parameters``  what the other requests may ask for, and the check of all parameters
``blueprint``   the blueprint, and what its routes share
``search``      searches, completions, similar articles
``articles``    articles read, put, deleted, sent in bulk
``tasks``       tasks, rebuilds, counts
``answers``     what an answer looks like as JSON
``routes``      the blueprint with all its routes
``openapi``     the description of the API, made from the parameters and ``Article``
==============  ====================================================================

A field of an answer, once released, keeps its name and meaning. After a change of parameters run ``make docs``.
"""
