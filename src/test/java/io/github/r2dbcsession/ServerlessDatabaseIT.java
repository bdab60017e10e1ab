package io.github.r2dbcsession;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.testing.DatabaseTest;

/** All that a database does, without pooling. */
@DatabaseTest
class ServerlessDatabaseIT extends DatabaseIT {

    @Override
    PoolSettings preset() {
        return PoolSettings.serverless();
    }
}
