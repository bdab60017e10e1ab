package io.github.r2dbcsession.config;

/** Whose grammar a connection string was read by. */
public enum Family {
    /** {@code postgresql://} and {@code postgres://}, as libpq reads them. */
    LIBPQ_URI,
    /** {@code host=... user=...}, as libpq reads them. */
    LIBPQ_KEYWORDS,
    /** {@code jdbc:postgresql:}, as pgjdbc reads it. */
    JDBC,
    /** {@code postgresql+driver://}, as SQLAlchemy and that driver read it. */
    SQLALCHEMY,
    /** {@code r2dbc:postgresql:} and {@code r2dbcs:postgresql:}: R2DBC's names, libpq's rules for host, port and database. */
    R2DBC,
    /** No string: {@link ConnectionString#builder()}. */
    FIELDS
}
