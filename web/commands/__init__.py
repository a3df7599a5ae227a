"""The commands of ``timtin``, by what they do; ``web.cli`` puts them together.

=============  ==================================================================================
``base``       what every command shares: how it fails, its options, the engine, progress, output
``writing``    bring articles in: ``index``, ``watch``, ``fetch``
``answering``  ``search``, ``suggest``, ``stats``, ``evaluate``
``serving``    ``serve``
``keeping``    keep articles safe: ``check``, ``export``, ``backup``
=============  ==================================================================================
"""
