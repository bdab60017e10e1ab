package io.github.r2dbcsession.internal.sql;

import java.util.Set;

/** PostgreSQL's own functions that leave nothing behind in a session once their transaction is over, as far as queries use them. */
final class BuiltInFunctions {

    /** Words that stand before a parenthesis without being called, and what the grammar itself defines. */
    private static final Set<String> SYNTAX = words("""
            all and any array as asc between by case cast coalesce conflict cube current_time current_timestamp desc distinct do else end except exists extract
            filter for from full greatest grouping groups group having ilike in inner insert intersect is join key lateral least left like limit
            localtime localtimestamp materialized minus natural not nothing nullif offset on only operator or order over overlay partition position range
            recursive returning right rollup row rows select set sets similar some substring symmetric then to trim union using
            values when where with within
            bit char character dec decimal float interval numeric time timestamp varchar varying precision""");

    private static final Set<String> HARMLESS = words("""
            count sum avg min max array_agg string_agg json_agg jsonb_agg json_object_agg jsonb_object_agg bool_and bool_or every
            bit_and bit_or stddev stddev_pop stddev_samp variance var_pop var_samp corr covar_pop covar_samp mode
            percentile_cont percentile_disc row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value
            last_value nth_value
            abs cbrt ceil ceiling degrees div exp factorial floor gcd lcm ln log log10 mod pi power radians round
            scale sign sqrt trim_scale trunc width_bucket random acos asin atan atan2 cos cot sin tan
            ascii bit_length btrim char_length character_length chr concat concat_ws convert_from convert_to decode encode format
            initcap left length lower lpad ltrim md5 normalize octet_length quote_ident quote_literal quote_nullable
            regexp_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table repeat replace reverse right
            rpad rtrim sha224 sha256 sha384 sha512 split_part starts_with strpos substr to_hex translate unistr upper
            age clock_timestamp date_bin date_part date_trunc isfinite justify_days justify_hours justify_interval make_date
            make_interval make_time make_timestamp make_timestamptz now statement_timestamp timeofday timezone to_char to_date
            to_number to_timestamp transaction_timestamp
            array_append array_cat array_dims array_fill array_length array_lower array_ndims array_position array_positions
            array_prepend array_remove array_replace array_to_json array_to_string array_upper cardinality generate_series
            generate_subscripts string_to_array unnest num_nonnulls num_nulls
            json_array_elements json_array_elements_text json_array_length json_build_array json_build_object json_each
            json_each_text json_extract_path json_extract_path_text json_object json_object_keys json_strip_nulls json_typeof
            jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object jsonb_each
            jsonb_each_text jsonb_extract_path jsonb_extract_path_text jsonb_insert jsonb_object jsonb_object_keys
            jsonb_path_exists jsonb_path_match jsonb_path_query jsonb_path_query_array jsonb_path_query_first jsonb_pretty
            jsonb_set jsonb_strip_nulls jsonb_typeof row_to_json to_json to_jsonb
            phraseto_tsquery plainto_tsquery setweight to_tsquery to_tsvector ts_headline ts_rank ts_rank_cd websearch_to_tsquery
            isempty lower_inc lower_inf upper_inc upper_inf range_merge int4range int8range numrange tsrange tstzrange daterange
            gen_random_uuid get_byte get_bit set_bit set_byte host masklen network text varchar
            current_setting current_database current_schema current_schemas current_user session_user version pg_backend_pid
            pg_is_in_recovery pg_my_temp_schema to_regclass to_regtype pg_typeof txid_current_if_assigned
            pg_current_xact_id_if_assigned pg_current_snapshot pg_sleep pg_notify pg_advisory_xact_lock pg_advisory_xact_lock_shared
            pg_try_advisory_xact_lock pg_try_advisory_xact_lock_shared""");

    private BuiltInFunctions() {}

    /** Whether a word before a parenthesis calls nothing. */
    static boolean isSyntax(String word) {
        return SYNTAX.contains(word);
    }

    /** Whether a function of this name in {@code pg_catalog} leaves nothing behind, whatever its arguments. */
    static boolean isHarmless(String name) {
        return HARMLESS.contains(name);
    }

    static Set<String> harmless() {
        return HARMLESS;
    }

    private static Set<String> words(String text) {
        return Set.of(text.strip().split("\\s+"));
    }
}
