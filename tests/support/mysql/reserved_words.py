"""Words that a database reserves, so that a statement must quote them as names."""

TIDB = frozenset(
    """
    add all alter analyze and array as asc between bigint binary blob both by call cascade case change char
    character check collate column constraint continue convert create cross cume_dist current_date current_role
    current_time current_timestamp current_user cursor database databases day_hour day_microsecond day_minute
    day_second decimal default delayed delete dense_rank desc describe distinct distinctrow div double drop dual
    else elseif enclosed escaped except exists exit explain false fetch first_value float float4 float8 for
    force foreign from fulltext generated grant group groups having high_priority hour_microsecond hour_minute
    hour_second if ignore ilike in index infile inner inout insert int int1 int2 int3 int4 int8 integer
    intersect interval into is iterate join key keys kill lag last_value lead leading leave left like limit
    linear lines load localtime localtimestamp lock long longblob longtext low_priority match maxvalue
    mediumblob mediumint mediumtext middleint minute_microsecond minute_second mod natural not
    no_write_to_binlog nth_value ntile null numeric of on optimize option optionally or order out outer outfile
    over partition percent_rank precision primary procedure range rank read real recursive references regexp
    release rename repeat replace require restrict revoke right rlike row rows row_number second_microsecond
    select set show smallint spatial sql sqlexception sqlstate sqlwarning sql_big_result sql_calc_found_rows
    sql_small_result ssl starting stored straight_join table tablesample terminated then tidb_current_tso
    tinyblob tinyint tinytext to trailing trigger true union unique unlock unsigned until update usage use using
    utc_date utc_time utc_timestamp values varbinary varchar varcharacter varying virtual when where while
    window with write xor year_month zerofill
    """.split()
)
"""Those of TiDB 8.5. SQLAlchemy knows those of MySQL and MariaDB, and no dialect of it knows these."""
