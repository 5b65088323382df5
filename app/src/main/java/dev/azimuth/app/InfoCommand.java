package dev.azimuth.app;

import dev.azimuth.diffusion.Configuration;
import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.tensor.Backend;
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
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What is in a checkpoint, or what a device is. */
@Command(
    name = "info",
    description =
        "What is in a model's folder or a safetensors file: names, shapes, types, sizes; "
            + "or what a device is.")
@SuppressWarnings("NullAway.Init") // picocli sets the options
final class InfoCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "FILE",
      arity = "0..1",
      description = "A model's folder or a .safetensors file.")
  private @Nullable Path file;

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      description = "A device to describe, such as cpu or cuda:0.")
  private @Nullable String device;

  @Option(names = "--names", description = "List every tensor.")
  private boolean isListing;

  @Override
  public Integer call() throws Exception {
    if (file == null && device == null) {
      throw new ParameterException(spec.commandLine(), "what about? a FILE or --device DEVICE");
    }
    if (device != null) {
      try (Backend backend = ComputeOptions.open(device, 1)) {
        System.out.println(backend.description());
      }
    }
    if (file != null) {
      describeModel(file);
    }
    return 0;
  }

  private void describeModel(Path model) throws IOException {
    Path tensors = model;
    if (Files.isDirectory(model)) {
      ModelConfig config = Configuration.read(model.resolve("config.json"), ModelConfig.class);
      System.out.println(Configuration.format(config));
      tensors = model.resolve("model.safetensors");
    }
    describe(tensors);
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
