package dev.azimuth.diffusion.checkpoint;

import dev.azimuth.nn.ParameterException;
import dev.azimuth.nn.ParameterSource.Stored;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.file.FileFormatException;
import dev.azimuth.tensor.file.StoredTensor;
import dev.azimuth.tensor.file.TensorFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * Weights of a network in a file that others published: PyTorch's {@code .pth}, {@code .pt}
 * (TorchScript's archives too) and {@code .bin}, or safetensors, told apart by their first bytes.
 *
 * @param network what the file should hold, for messages: {@code torchvision's AlexNet}
 * @param shapes the network's parameters by our names
 * @param published our name to theirs
 * @param beside their names that may be there and aren't read
 */
public record PublishedWeights(
    String network,
    Map<String, Shape> shapes,
    UnaryOperator<String> published,
    Predicate<String> beside) {

  /**
   * Opens such a file, whatever it holds.
   *
   * @throws FileFormatException if it is no sound file of tensors
   */
  public static TensorFile open(Path path) throws IOException {
    return TensorFiles.open(path);
  }

  /**
   * Reads all parameters, as float32, under our names.
   *
   * @throws FileFormatException if the file is none of tensors, or isn't strictly the network's:
   *     one error lists every name missing, unexpected and misshapen
   */
  public Map<String, Stored> read(Path path) throws IOException {
    try (TensorFile file = open(path)) {
      requireFit(file);
      Map<String, Stored> all = new LinkedHashMap<>();
      for (Map.Entry<String, Shape> ours : shapes.entrySet()) {
        float[] values = file.entry(published.apply(ours.getKey())).floats();
        all.put(ours.getKey(), new Stored(ours.getValue(), values));
      }
      return all;
    }
  }

  private void requireFit(TensorFile file) throws FileFormatException {
    List<String> missing = new ArrayList<>();
    List<String> misshapen = new ArrayList<>();
    Set<String> unexpected = new LinkedHashSet<>(file.names());
    shapes.forEach(
        (ours, shape) -> {
          String theirs = published.apply(ours);
          unexpected.remove(theirs);
          StoredTensor tensor = file.entries().get(theirs);
          if (tensor == null) {
            missing.add(theirs);
          } else if (!Shape.of(tensor.shape()).equals(shape)) {
            misshapen.add(theirs + " " + Shape.of(tensor.shape()) + " instead of " + shape);
          }
        });
    unexpected.removeIf(beside);
    if (!missing.isEmpty() || !unexpected.isEmpty() || !misshapen.isEmpty()) {
      ParameterException differences =
          new ParameterException(missing, List.copyOf(unexpected), misshapen);
      throw new FileFormatException(
          file.file(),
          "not the weights of " + network + ": " + differences.getMessage(),
          differences);
    }
  }
}
