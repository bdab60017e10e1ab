package io.github.r2dbcsession.internal.cell;

import io.r2dbc.spi.Row;
import io.r2dbc.spi.RowMetadata;
import org.jspecify.annotations.Nullable;

/** A row without nulls whose bytes are not told, so that the driver reads it all. */
public final class DriverRow implements Row {

    private final Row row;
    private boolean askedForBytes;

    public DriverRow(Row row) {
        this.row = row;
    }

    /** Whether its bytes would have been read. */
    public boolean askedForBytes() {
        return askedForBytes;
    }

    @Override
    public <T> @Nullable T get(int index, Class<T> type) {
        if (type == Cell.class) {
            askedForBytes = true;
            return type.cast(Cell.untold());
        }
        return row.get(index, type);
    }

    @Override
    public <T> @Nullable T get(String name, Class<T> type) {
        throw new UnsupportedOperationException();
    }

    @Override
    public RowMetadata getMetadata() {
        return row.getMetadata();
    }
}
