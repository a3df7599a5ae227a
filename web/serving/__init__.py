"""Serve over HTTP: several processes on one socket, each of which answers whole requests.

``prefork``     starts the processes, watches them, stops them
``worker``      one process: its event loop, its threads, what it reports
``connection``  one client's connection: deadlines, sizes, how many at once
``gateway``     judges a request at its head, receives its body, has it answered, sends the answer
``proxies``     who asks, and what the service is called, when there are proxies in front
``bodies``      receives request bodies
``admission``   requests that wait for their turn, fair between clients; the threads that answer them
``rates``       how many requests a client may make, counted over all processes
``wsgi``        calls the application with a request that has arrived whole

A client may be slow, hostile or gone, a process may hang or be killed: everything here has a bound. *May be touched:*
bounds are settings (``web.settings``); a new one needs a test that attacks a real server (``tests/attacks``).
"""
