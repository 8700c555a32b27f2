# SPDX-License-Identifier: AGPL-3.0-or-later
"""Breaks what a Kopano store holds at random: bytes within binary values, numbers, times, and properties that are gone."""

PLACE = "(1 + FLOOR(RAND() * LENGTH(val_binary)))"
WAYS = (f"INSERT(val_binary, {PLACE}, 1, CHAR(FLOOR(RAND() * 256)))", "LEFT(val_binary, FLOOR(RAND() * LENGTH(val_binary)))", "CONCAT(val_binary, SHA2(RAND(), 256))",
        f"INSERT(val_binary, {PLACE}, 4, X'FFFFFFFF')", f"INSERT(val_binary, {PLACE}, 4, X'00000000')")


def break_some(kopano, first, seed):
    """Of the objects from `first` on; class and name of folders stay."""
    some = f"hierarchyid >= {first} AND RAND({seed}) <"
    way = WAYS[seed % len(WAYS)]
    kopano.sql(f"SET sql_mode = ''; UPDATE properties SET val_binary = {way} WHERE val_binary IS NOT NULL AND {some} 0.5; UPDATE mvproperties SET val_binary = {way} WHERE val_binary IS NOT NULL AND {some} 0.5;"
               f"UPDATE properties SET val_ulong = FLOOR(RAND() * 4294967295) WHERE val_ulong IS NOT NULL AND {some} 0.1;"
               f"UPDATE properties SET val_hi = FLOOR(RAND() * 4294967295) - 2147483648 WHERE val_hi IS NOT NULL AND {some} 0.1;"
               f"DELETE FROM properties WHERE {some} 0.1")
