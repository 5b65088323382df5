import static java.util.stream.Collectors.toCollection;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/**
 * Runs google-java-format over every Java file below the current directory: {@code check} lists
 * those that it would change and fails, {@code write} changes them.
 *
 * <p>The formatter reads Java with the compiler of the JDK that it runs on, so it can't run inside
 * a Maven that an older JDK runs; the root pom starts this file on the JDK that compiles.
 */
final class Format {
  public static void main(String... args) throws IOException {
    boolean write = args[0].equals("write");
    List<String> command =
        new ArrayList<>(
            write ? List.of("--replace") : List.of("--dry-run", "--set-exit-if-changed"));
    try (Stream<Path> paths = Files.walk(Path.of(""))) {
      paths
          .filter(path -> path.toString().endsWith(".java") && !generated(path))
          .map(Path::toString)
          .sorted()
          .collect(toCollection(() -> command));
    }
    ToolProvider formatter = ToolProvider.findFirst("google-java-format").orElseThrow();
    int status = formatter.run(System.out, System.err, command.toArray(String[]::new));
    if (status != 0 && !write) {
      System.err.println("The files above are not formatted; mvn -N -Pformat verify does it.");
    }
    System.exit(status);
  }

  private static boolean generated(Path path) {
    for (Path part : path) {
      if (part.toString().equals("target")) {
        return true;
      }
    }
    return false;
  }
}
