"""The desk: pages for who runs the service, at ``/admin``, behind an admin key and whole without JavaScript.

=================  =============================================================
``blueprint``      the blueprint: who gets in, what its pages share
``sign_in``        signing in and out
``overview``       counts, freshness, disk, memory, errors
``facts``          what the machine says: disk, memory, time
``plot``           articles per day as a plot
``tasks``          tasks, and the button that rebuilds the index
``keys``           keys listed, made and revoked
``synonyms``       the synonyms, with a preview of what a change does
``kept_uploads``   files that were sent and wait to be indexed
``dry_run``        how a file would be read, and reading it
``upload``         sending files in
``searches``       what is searched for, if that is noted
``routes``         all of it: importing it adds the routes
=================  =============================================================

Sessions are ``web.sessions``. Every form has a token, which is checked for every POST; nothing else changes anything.
"""
