"""An embedded installation: every process of one machine under one supervisor.

`python -m portal.embedded` (which `manage.py serve` becomes) starts Valkey on a unix socket, the `web` and `delivery`
processes, a worker and the beat, starts again what dies, and stops all of them when it stops. It knows no domain.
"""
