package dev.azimuth.app;

import dev.azimuth.diffusion.Configuration;
import dev.azimuth.diffusion.checkpoint.Checkpoint;
import dev.azimuth.diffusion.checkpoint.ModelFiles;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.file.ElementType;
import dev.azimuth.tensor.file.StoredTensor;
import dev.azimuth.tensor.file.TensorFile;
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
        "What is in a model or a file of tensors: layout, names, shapes, types, sizes; or what a"
            + " device is.")
@SuppressWarnings("NullAway.Init") // picocli sets the options
final class InfoCommand implements Callable<Integer> {
  private static final int LONGEST_VALUE = 200;

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "FILE",
      arity = "0..1",
      description = "A model's folder, a diffusers folder, a .ckpt or a .safetensors.")
  private @Nullable Path file;

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      description = "A device to describe, such as cpu or cuda:0.")
  private @Nullable String device;

  @Option(names = "--names", description = "List every tensor.")
  private boolean isListing;

  @Option(
      names = "--config",
      paramLabel = "F.json",
      description = "The model's configuration, in place of its own or what its tensors tell.")
  private @Nullable Path config;

  /** Numbers of one part, or of one type. */
  private record Size(long tensors, long elements, long bytes) {
    static Size of(StoredTensor tensor) {
      return new Size(1, tensor.count(), tensor.count() * tensor.type().bytes());
    }

    Size plus(Size other) {
      return new Size(tensors + other.tensors, elements + other.elements, bytes + other.bytes);
    }

    void print(Object name) {
      System.out.printf(
          "  %-24s %,6d tensors %,15d elements %,15d bytes%n", name, tensors, elements, bytes);
    }
  }

  @Override
  public Integer call() throws Exception {
    if (file == null && device == null) {
      throw new ParameterException(spec.commandLine(), "what about? a FILE or --device DEVICE");
    }
    if (device != null) {
      try (Backend backend = ComputeOptions.open(device, 1, false)) {
        System.out.println(backend.description());
      }
    }
    if (file != null) {
      describe(file);
    }
    return 0;
  }

  private void describe(Path model) throws IOException {
    try (ModelFiles files = ModelFiles.open(model)) {
      if (files.layout() == null) {
        System.out.printf("%s: in no layout that is known as a model's%n", model);
      } else {
        describeModel(model);
      }
      describeTensors(files);
    }
  }

  private void describeModel(Path path) throws IOException {
    try (Checkpoint model = Checkpoint.open(path, new Checkpoint.Options(true, config, null))) {
      System.out.printf("%s: layout %s%n", path, model.layout());
      System.out.println(Configuration.format(model.config()));
      System.out.printf(
          "moving average (EMA) of the UNet: %s%n",
          model.isAverage() ? "yes, and used; --no-ema takes the raw weights" : "no");
      model.notes().forEach(System.out::println);
    } catch (IOException e) {
      // what is in a file that doesn't fit is what one wants to see then
      System.out.printf("can't be run: %s%n", e.getMessage());
    }
  }

  private void describeTensors(ModelFiles files) throws IOException {
    Map<String, Size> parts = new TreeMap<>();
    Map<ElementType, Size> types = new EnumMap<>(ElementType.class);
    for (Map.Entry<String, StoredTensor> named : files.tensors().entrySet()) {
      StoredTensor tensor = named.getValue();
      parts.merge(part(named.getKey()), Size.of(tensor), Size::plus);
      types.merge(tensor.type(), Size.of(tensor), Size::plus);
      if (isListing) {
        System.out.printf(
            "%-8s %-24s %s%n", tensor.type(), Arrays.toString(tensor.shape()), named.getKey());
      }
    }
    for (TensorFile part : files.parts().values()) {
      System.out.printf("%s: %,d bytes%n", part.file(), Files.size(part.file()));
    }
    parts.forEach((part, size) -> size.print(part));
    types.forEach((type, size) -> size.print(type));
    files
        .metadata()
        .forEach((key, value) -> System.out.printf("  %s = %s%n", key, shortened(value)));
  }

  private static String part(String name) {
    int end = name.indexOf('/') >= 0 ? name.indexOf('/') : name.indexOf('.');
    return end < 0 ? name : name.substring(0, end);
  }

  private static String shortened(String value) {
    String line = value.replaceAll("\\s+", " ");
    return line.length() > LONGEST_VALUE ? line.substring(0, LONGEST_VALUE) + "..." : line;
  }
}
