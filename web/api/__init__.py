"""``/api/v1``: JSON for programs.

==================  ====================================================================
``parameters``      the parameters of requests other than searches; unknown ones are refused
``bodies``          the bodies of requests: unpacked, and read as JSON
``conditions``      conditional requests, and the tags of articles
``idempotency``     requests that are carried out once, however often they are sent
``blueprint``       the blueprint, and what its routes share
``search``          searches, completions, similar articles
``articles``        one article: read, put, patch, delete
``bulk``            many articles in one request, and what became of each
``actions``         what the lines of such a request say
``selection``       the articles that pass filters
``export``          articles by filters, as lines of JSON, or by their ids
``deletions``       deletions by filters, which are tasks
``tasks``           tasks, rebuilds, counts
``answers``         answers as JSON
``routes``          the blueprint with all its routes
``schemas``         the bodies of requests and answers as models
``search_schemas``  the bodies of searches and their answers
``operations``      what the description of the API says of one operation
``openapi``         the description of the API, made from the parameters and the models
``examples``        the examples in it
==================  ====================================================================

A field of an answer, once released, keeps its name and meaning. After a change of parameters run ``make docs``.
"""
