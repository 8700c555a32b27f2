# SPDX-License-Identifier: AGPL-3.0-or-later
"""One installation in the layout of former revisions of the database, each made of the one after it: 118 as upgraded, 70, 66, 63."""

TEXT_TABLES = ("properties", "mvproperties", "tproperties", "stores", "receivefolder", "objectproperty", "objectmvproperty", "settings")


def to_upgraded_118(kopano):
    """What an upgrade leaves: the old character set, without what it cannot say."""
    kopano.sql("SET SESSION sql_mode = ''; " + "".join(f"ALTER TABLE {table} CONVERT TO CHARACTER SET utf8mb3;" for table in TEXT_TABLES)
               + "ALTER TABLE names MODIFY namestring varchar(185) CHARACTER SET utf8mb3 COLLATE utf8mb3_bin DEFAULT NULL; DELETE FROM settings WHERE name = 'charset'")


def to_70(kopano):
    kopano.sql("ALTER TABLE singleinstances DROP COLUMN filename; DELETE FROM versions;"
               "INSERT INTO versions VALUES (8, 6, 9, 0, 70, '2018-11-01 10:00:00')")


def to_66(kopano):
    """Names may be there twice: half of the items with categories use another number."""
    kopano.sql("ALTER TABLE names DROP INDEX gni, DROP INDEX gns, MODIFY guid blob NOT NULL, ADD KEY guidnameid (guid(16), nameid), ADD KEY guidnamestring (guid(16), namestring);"
               "INSERT INTO names (nameid, namestring, guid) SELECT nameid, namestring, guid FROM names WHERE namestring = 'Keywords' LIMIT 1;"
               "SET @new = 34049 + LAST_INSERT_ID(), @old = 34049 + (SELECT MIN(id) FROM names WHERE namestring = 'Keywords');"
               "UPDATE mvproperties SET tag = @new WHERE tag = @old AND hierarchyid % 2 = 0;"
               "CREATE TABLE clientupdatestatus (userid int unsigned NOT NULL PRIMARY KEY, trackid int unsigned NOT NULL, updatetime datetime NOT NULL);"
               "DELETE FROM versions; INSERT INTO versions VALUES (8, 5, 5, 0, 65, '2018-01-01 10:00:00'), (8, 5, 5, 0, 66, '2018-01-01 10:00:01')")


def to_63(kopano):
    kopano.sql("DELETE FROM versions; ALTER TABLE versions DROP PRIMARY KEY, DROP COLUMN micro, ADD PRIMARY KEY (major, minor, revision, databaserevision);"
               "INSERT INTO versions VALUES (7, 1, 36420, 61, '2012-08-01 10:00:00'), (7, 1, 36420, 63, '2012-08-01 10:00:02');"
               "ALTER TABLE names MODIFY namestring varchar(255) CHARACTER SET utf8mb3 COLLATE utf8mb3_bin DEFAULT NULL")
