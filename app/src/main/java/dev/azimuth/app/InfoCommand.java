package dev.azimuth.app;

import dev.azimuth.diffusion.Configuration;
import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.tensor.file.ElementType;
import dev.azimuth.tensor.file.SafeTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What is in a checkpoint. */
@Command(
    name = "info",
    description = "What is in a model's folder or a safetensors file: names, shapes, types, sizes.")
@SuppressWarnings("NullAway.Init") // picocli sets the options
final class InfoCommand implements Callable<Integer> {
  @Parameters(paramLabel = "FILE", description = "A model's folder or a .safetensors file.")
  private Path file;

  @Option(names = "--names", description = "List every tensor.")
  private boolean isListing;

  @Override
  public Integer call() throws Exception {
    Path tensors = file;
    if (Files.isDirectory(file)) {
      ModelConfig config = Configuration.read(file.resolve("config.json"), ModelConfig.class);
      System.out.println(Configuration.format(config));
      tensors = file.resolve("model.safetensors");
    }
    describe(tensors);
    return 0;
  }

  private void describe(Path path) throws IOException {
    try (SafeTensors stored = SafeTensors.open(path)) {
      Map<String, Long> parts = new TreeMap<>();
      Map<ElementType, Long> types = new EnumMap<>(ElementType.class);
      long elements = 0;
      for (SafeTensors.Entry entry : stored.entries().values()) {
        parts.merge(part(entry.name()), entry.count(), Long::sum);
        types.merge(entry.type(), entry.count(), Long::sum);
        elements += entry.count();
        if (isListing) {
          System.out.printf(
              "%-8s %-24s %s%n", entry.type(), Arrays.toString(entry.shape()), entry.name());
        }
      }
      System.out.printf(
          "%s: %,d tensors, %,d elements, %,d bytes%n",
          path, stored.names().size(), elements, Files.size(path));
      parts.forEach((part, count) -> System.out.printf("  %-24s %,14d elements%n", part, count));
      types.forEach((type, count) -> System.out.printf("  %-24s %,14d elements%n", type, count));
      stored.metadata().forEach((key, value) -> System.out.printf("  %s = %s%n", key, value));
    }
  }

  private static String part(String name) {
    int dot = name.indexOf('.');
    return dot < 0 ? name : name.substring(0, dot);
  }
}
