package dev.azimuth.app.replay;

import dev.azimuth.diffusion.SeededParameters;
import dev.azimuth.nn.ParameterSource;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.file.FileFormatException;
import dev.azimuth.tensor.file.Json;
import dev.azimuth.tensor.file.SafeTensors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

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
  private final ParameterSource weights;

  /**
   * A stored tensor.
   *
   * @param shape its sizes
   * @param elements its elements, row-major; float32 and the integers here are exact in float64
   * @param isInteger whether it is stored as integers, which must be matched exactly
   */
  @SuppressWarnings("ArrayRecordComponent") // compared by ReplayComparison only
  public record Values(Shape shape, double[] elements, boolean isInteger) {
    /** The elements in float32. */
    public float[] floats() {
      float[] floats = new float[elements.length];
      for (int i = 0; i < floats.length; i++) {
        floats[i] = (float) elements[i];
      }
      return floats;
    }
  }

  /** What is stored is served before what is drawn. */
  private record Weights(SequencedMap<String, Values> stored, SeededParameters seeded)
      implements ParameterSource {
    @Override
    public Set<String> names() {
      Set<String> names = new TreeSet<>(stored.keySet());
      names.addAll(seeded.names());
      return names;
    }

    @Override
    public Shape shape(String name) {
      Values values = stored.get(name);
      return values == null ? seeded.shape(name) : values.shape();
    }

    @Override
    public float[] values(String name) {
      Values values = stored.get(name);
      return values == null ? seeded.values(name) : values.floats();
    }
  }

  private ReplayRecord(
      String name,
      String kind,
      ReplayConfig config,
      double tolerance,
      SequencedMap<String, Values> tensors,
      SeededParameters seeded) {
    this.name = name;
    this.kind = kind;
    this.config = config;
    this.tolerance = tolerance;
    this.tensors = tensors;
    this.weights = new Weights(group("weight"), seeded);
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
      ReplayRecord record =
          new ReplayRecord(
              file.getFileName().toString().replace(".safetensors", ""),
              metadata(stored, "kind"),
              new ReplayConfig(object(stored, "config")),
              tolerance(stored),
              tensors,
              seeded(stored));
      record.requireWhole(file);
      return record;
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
      throw new FileFormatException(stored.file(), "is no record: its metadata has no " + key);
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

  private static double tolerance(SafeTensors stored) throws FileFormatException {
    String text = metadata(stored, "tolerance");
    try {
      double tolerance = Double.parseDouble(text);
      if (tolerance >= 0 && tolerance < 1) {
        return tolerance;
      }
    } catch (NumberFormatException e) {
      throw new FileFormatException(stored.file(), "tolerance must be a number; got " + text, e);
    }
    throw new FileFormatException(
        stored.file(), "tolerance must be 0 or more and below 1, where zeros miss; got " + text);
  }

  private static SeededParameters seeded(SafeTensors stored) throws FileFormatException {
    Map<String, Shape> shapes = new HashMap<>();
    if (!stored.metadata().containsKey("seeded_weights")) {
      return new SeededParameters(shapes, 0);
    }
    ReplayConfig rule = new ReplayConfig(object(stored, "seeded_weights"));
    if (!rule.text("rule").equals(SeededParameters.RULE)) {
      throw new FileFormatException(stored.file(), "unknown rule " + rule.text("rule"));
    }
    ReplayConfig parameters = rule.object("parameters");
    for (String name : parameters.json().members().keySet()) {
      shapes.put(name, Shape.of(parameters.integers(name)));
    }
    return new SeededParameters(shapes, rule.seed("seed"));
  }

  /** What is compared must be there, and each gradient must be that of something. */
  private void requireWhole(Path file) throws FileFormatException {
    if (group("output").isEmpty()) {
      throw new FileFormatException(file, "is no record: it has no output");
    }
    requireAmong(file, "cotangent", group("output").keySet());
    requireAmong(file, "grad.input", group("input").keySet());
    requireAmong(file, "grad.weight", weights.names());
    if (hasGradients() && group("cotangent").isEmpty()) {
      throw new FileFormatException(file, "has gradients and no cotangent");
    }
  }

  private void requireAmong(Path file, String group, Set<String> names) throws FileFormatException {
    for (String member : group(group).keySet()) {
      if (!names.contains(member)) {
        throw new FileFormatException(
            file, group + "." + member + " is that of nothing among " + names);
      }
    }
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

  /** The weights, stored or drawn. */
  public ParameterSource weights() {
    return weights;
  }

  /** A stored tensor by its full name. */
  public Values tensor(String full) {
    Values values = tensors.get(full);
    if (values == null) {
      throw new IllegalArgumentException("the record has no " + full);
    }
    return values;
  }

  /** The tensors by their full names. */
  public Map<String, Values> tensors() {
    return Collections.unmodifiableMap(tensors);
  }
}
