package dev.azimuth.diffusion.training;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.file.FileFormatException;
import dev.azimuth.tensor.file.SafeTensors;
import dev.azimuth.tensor.file.SafeTensorsWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Everything that a stage's next step depends on, in one file that appears whole or not at all.
 * What is random follows from seed and step and needs no state.
 *
 * @param parameters the weights, laid out as they are computed with
 * @param optimizer the optimizer's own state
 * @param average the running average's, empty without one
 * @param losses of the steps done
 */
@SuppressWarnings("ArrayRecordComponent") // written and read once, never compared
record TrainingState(
    Map<String, Tensor> parameters,
    Map<String, Tensor> optimizer,
    Map<String, Tensor> average,
    double[] losses) {
  private static final String PARAMETER = "parameter/";
  private static final String OPTIMIZER = "optimizer/";
  private static final String AVERAGE = "average/";
  private static final String LOSSES = "losses";

  /** Writes the state, whole or not at all. */
  void write(Path file) throws IOException {
    SafeTensorsWriter writer = new SafeTensorsWriter();
    add(writer, PARAMETER, parameters);
    add(writer, OPTIMIZER, optimizer);
    add(writer, AVERAGE, average);
    writer.add(LOSSES, new int[] {losses.length}, losses);
    writer.write(file);
  }

  private static void add(SafeTensorsWriter writer, String prefix, Map<String, Tensor> tensors) {
    tensors.forEach((name, x) -> writer.add(prefix + name, x.shape().toArray(), x.toFloats()));
  }

  /**
   * Reads a state.
   *
   * @throws FileFormatException if the file isn't a stage's state
   */
  static TrainingState read(Path file, Backend backend) throws IOException {
    Map<String, Tensor> parameters = new LinkedHashMap<>();
    Map<String, Tensor> optimizer = new LinkedHashMap<>();
    Map<String, Tensor> average = new LinkedHashMap<>();
    try (SafeTensors stored = SafeTensors.open(file)) {
      for (SafeTensors.Entry entry : stored.entries().values()) {
        String name = entry.name();
        if (name.equals(LOSSES)) {
          continue;
        }
        String kind = name.substring(0, name.indexOf('/') + 1);
        Map<String, Tensor> tensors =
            switch (kind) {
              case PARAMETER -> parameters;
              case OPTIMIZER -> optimizer;
              case AVERAGE -> average;
              default -> throw new FileFormatException(file, "not a training's state: " + name);
            };
        Tensor x = Tensor.of(backend, Shape.of(entry.shape()), entry.floats());
        tensors.put(name.substring(kind.length()), x);
      }
      return new TrainingState(parameters, optimizer, average, stored.entry(LOSSES).doubles());
    }
  }
}
