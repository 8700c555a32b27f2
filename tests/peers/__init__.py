# SPDX-License-Identifier: AGPL-3.0-or-later
"""Starts Kontor and the servers it is tested against, each on loopback, on free ports, in a folder of its own."""
