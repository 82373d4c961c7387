import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cacheDirectory, cached } from './cache';
import { MissingPartError } from './missing-part';
import { findOnPath, isExecutable, runToEnd } from './process';
import { reasonOf, sdkDownload, sdkDownloadName } from './sdk-download';
import type { Log } from './log';

const VERSION = '1.38.0';
const ARTIFACT = 'temporal-test-server';
const JVM_FLAGS = '-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx512m';

/** The SDK gives the server 5 s to start: the launcher favours a JVM that starts fast over one that ends up fast. */
const LAUNCHER = `#!/bin/sh
exec java ${JVM_FLAGS} -cp "$(dirname "$0")/lib/*" io.temporal.testserver.TestServer "$@"
`;

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>everhook</groupId>
  <artifactId>time-skipping</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>io.temporal</groupId>
      <artifactId>${ARTIFACT}</artifactId>
      <version>${VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-nop</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
`;

/**
 * Temporal's time-skipping test server as one executable that takes a port: in the cache, by the SDK's download, or from
 * Maven with a launcher for Java. Give it to TestWorkflowEnvironment as `executable: { type: 'existing-path', path }`.
 *
 * @throws MissingPartError when none of these works.
 */
export async function timeSkippingExecutable(log: Log, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const native = path.join(cacheDirectory(env), sdkDownloadName(ARTIFACT), ARTIFACT);
  if (isExecutable(native)) return native;

  const fromMaven = `${ARTIFACT}-${VERSION}`;
  const launcher = path.join(cacheDirectory(env), fromMaven, ARTIFACT);
  const java = findOnPath('java', env);
  if (java && isExecutable(launcher)) return launcher;

  log('Time-skipping server: not in the cache, asking temporal.download for it');
  let whyNoDownload: string;
  try {
    return await sdkDownload({ artifact: ARTIFACT, executable: ARTIFACT, log, env });
  } catch (error) {
    whyNoDownload = reasonOf(error);
  }

  const missing = (what: string) =>
    new MissingPartError(
      `no time-skipping test server, no download (${whyNoDownload}) and ${what}`,
      'install Java 11 or later with Maven, on Debian `apt-get install default-jre-headless maven`',
    );
  const mvn = findOnPath('mvn', env);
  if (!java) throw missing('no `java` here');
  if (!mvn) throw missing('no `mvn` here');
  log(`Time-skipping server: no download (${whyNoDownload}); fetching it with Maven, once`);
  try {
    return await cached({
      name: fromMaven,
      file: ARTIFACT,
      log,
      env,
      fill: async (directory) => {
        const pom = path.join(directory, 'pom.xml');
        const lib = path.join(directory, 'lib');
        await mkdir(lib);
        await writeFile(pom, POM);
        const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${lib}`, '-DincludeScope=runtime'];
        await runToEnd({ name: 'mvn', command: mvn, args: ['-q', '-B', '-f', pom, ...goal], env }, log);
        await writeFile(path.join(directory, ARTIFACT), LAUNCHER);
        await chmod(path.join(directory, ARTIFACT), 0o755);
      },
    });
  } catch (error) {
    throw missing(`Maven can't fetch it (${reasonOf(error)})`);
  }
}
