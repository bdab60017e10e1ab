package io.github.r2dbcsession.internal.sql;

/** A record that everybody may construct. */
public record PublicPoint(int x, int y) {}
