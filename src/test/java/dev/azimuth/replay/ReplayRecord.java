package dev.azimuth.replay;

import dev.azimuth.diffusion.SeededWeights;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.file.FileFormatException;
import dev.azimuth.tensor.file.Json;
import dev.azimuth.tensor.file.SafeTensors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeMap;

/**
 * One computation of the reference implementation: metadata, and tensors named {@code input.NAME},
 * {@code weight.NAME}, {@code output.NAME}, {@code cotangent.NAME}, {@code grad.input.NAME} and
 * {@code grad.weight.NAME}. Weights that follow from a seed are drawn when they are asked for.
 */
public final class ReplayRecord {
  private static final Set<String> GROUPS =
      Set.of("input", "weight", "output", "cotangent", "grad.input", "grad.weight");

  private final String name;
  private final String kind;
  private final ReplayConfig config;
  private final double tolerance;
  private final SequencedMap<String, Values> tensors;
  private final SequencedMap<String, Seeded> seeded;

  /**
   * A stored tensor.
   *
   * @param shape its sizes
   * @param elements its elements, row-major; float32 and the integers here are exact in float64
   * @param isInteger whether it is stored as integers, which must be matched exactly
   */
  @SuppressWarnings("ArrayRecordComponent") // compared by ReplayComparison only
  public record Values(Shape shape, double[] elements, boolean isInteger) {}

  private record Seeded(Shape shape, long seed) {}

  private ReplayRecord(
      String name,
      String kind,
      ReplayConfig config,
      double tolerance,
      SequencedMap<String, Values> tensors,
      SequencedMap<String, Seeded> seeded) {
    this.name = name;
    this.kind = kind;
    this.config = config;
    this.tolerance = tolerance;
    this.tensors = tensors;
    this.seeded = seeded;
  }

  /**
   * Reads a record whole.
   *
   * @throws FileFormatException if it is no sound record
   */
  public static ReplayRecord read(Path file) throws IOException {
    try (SafeTensors stored = SafeTensors.open(file)) {
      SequencedMap<String, Values> tensors = new TreeMap<>();
      for (SafeTensors.Entry entry : stored.entries().values()) {
        requireKnown(file, entry.name());
        boolean isInteger = !entry.type().isFloatingPoint();
        tensors.put(entry.name(), new Values(Shape.of(entry.shape()), entry.doubles(), isInteger));
      }
      return new ReplayRecord(
          file.getFileName().toString().replace(".safetensors", ""),
          metadata(stored, "kind"),
          new ReplayConfig(object(stored, "config")),
          Double.parseDouble(metadata(stored, "tolerance")),
          tensors,
          seeded(stored));
    }
  }

  private static void requireKnown(Path file, String tensor) throws FileFormatException {
    if (GROUPS.stream().noneMatch(group -> tensor.startsWith(group + "."))) {
      throw new FileFormatException(file, "tensor " + tensor + " belongs to no group " + GROUPS);
    }
  }

  private static String metadata(SafeTensors stored, String key) throws FileFormatException {
    String value = stored.metadata().get(key);
    if (value == null) {
      throw new FileFormatException(stored.file(), "the metadata lack " + key);
    }
    return value;
  }

  private static Json.Obj object(SafeTensors stored, String key) throws FileFormatException {
    Json json = Json.parse(stored.file(), key, metadata(stored, key));
    if (json instanceof Json.Obj object) {
      return object;
    }
    throw new FileFormatException(stored.file(), key + " must be a JSON object");
  }

  /** Parameter number i, in the order of names, is drawn with the seed plus i. */
  private static SequencedMap<String, Seeded> seeded(SafeTensors stored)
      throws FileFormatException {
    SequencedMap<String, Seeded> seeded = new TreeMap<>();
    if (!stored.metadata().containsKey("seeded_weights")) {
      return seeded;
    }
    ReplayConfig rule = new ReplayConfig(object(stored, "seeded_weights"));
    if (!rule.text("rule").equals("torch.randn")) {
      throw new FileFormatException(stored.file(), "unknown rule " + rule.text("rule"));
    }
    long seed = rule.longInteger("seed");
    ReplayConfig shapes = rule.object("parameters");
    List<String> names = new ArrayList<>(shapes.json().members().keySet());
    Collections.sort(names);
    for (String name : names) {
      seeded.put(name, new Seeded(Shape.of(shapes.integers(name)), seed++));
    }
    return seeded;
  }

  /** KIND--CASE. */
  public String name() {
    return name;
  }

  /** Which computation. */
  public String kind() {
    return kind;
  }

  /** Sizes and options of that computation. */
  public ReplayConfig config() {
    return config;
  }

  /** Largest relative error of a tensor. */
  public double tolerance() {
    return tolerance;
  }

  /** The stored tensors of a group such as {@code output}, by the names within it. */
  public SequencedMap<String, Values> group(String group) {
    SequencedMap<String, Values> members = new TreeMap<>();
    String prefix = group + ".";
    tensors.forEach(
        (tensor, values) -> {
          if (tensor.startsWith(prefix)) {
            members.put(tensor.substring(prefix.length()), values);
          }
        });
    return members;
  }

  /** Whether the record holds gradients. */
  public boolean hasGradients() {
    return tensors.keySet().stream().anyMatch(tensor -> tensor.startsWith("grad."));
  }

  /** Every stored and seeded weight's shape. */
  public SequencedMap<String, Shape> weights() {
    SequencedMap<String, Shape> shapes = new TreeMap<>();
    group("weight").forEach((weight, values) -> shapes.put(weight, values.shape()));
    seeded.forEach((weight, draw) -> shapes.put(weight, draw.shape()));
    return shapes;
  }

  /** A weight's elements, stored or drawn. */
  public float[] weight(String weight) {
    Seeded draw = seeded.get(weight);
    return draw == null
        ? floats(tensor("weight." + weight))
        : SeededWeights.draw(weight, draw.shape(), draw.seed());
  }

  /** A stored tensor by its full name. */
  public Values tensor(String full) {
    Values values = tensors.get(full);
    if (values == null) {
      throw new IllegalArgumentException(name + " has no " + full + " among " + tensors.keySet());
    }
    return values;
  }

  static float[] floats(Values values) {
    float[] floats = new float[values.elements().length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values.elements()[i];
    }
    return floats;
  }

  /** The tensors' full names. */
  public Map<String, Values> tensors() {
    return Collections.unmodifiableMap(tensors);
  }
}
