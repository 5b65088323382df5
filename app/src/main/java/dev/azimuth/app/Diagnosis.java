package dev.azimuth.app;

import dev.azimuth.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a UNet's cross-attention does.
 *
 * @param model where it lies
 * @param conditioner how views become tokens
 * @param tokens that its context has
 * @param probes gradients that were taken
 * @param layers each cross-attention, from input to output
 * @param dead parameters whose every gradient was exactly zero or absent, with their sizes
 * @param decay how far the dead ones match pure weight decay; null where no start was given
 * @param savings what the path without attention saves; null where there are more tokens than one
 */
record Diagnosis(
    String model,
    String conditioner,
    int tokens,
    int probes,
    List<Layer> layers,
    Map<String, Integer> dead,
    @Nullable Decay decay,
    @Nullable Savings savings) {

  private static final String ATTENTION = ".attn2.";
  private static final String QUERY = ATTENTION + "to_q.weight";
  private static final String KEY = ATTENTION + "to_k.weight";

  /**
   * One cross-attention.
   *
   * @param name of its block
   * @param queries positions that attend
   * @param tokens that they attend to
   * @param entropy of the weights in nats; ln tokens if every token counts the same
   * @param queryGradient root mean square over the probes of the length of {@code to_q}'s gradient
   * @param keyGradient likewise of {@code to_k}'s
   */
  record Layer(
      String name,
      int queries,
      int tokens,
      double entropy,
      double queryGradient,
      double keyGradient) {}

  /**
   * Weights against those of a start: w = f w₀ is what weight decay alone leaves.
   *
   * @param factor f of the dead queries and keys together, by least squares
   * @param residual |w - f w₀| / |w| of these
   * @param liveResidual the same of the values, which learn
   * @param steps after which lr 1e-4 and decay 0.01, the published ones, leave this factor
   */
  record Decay(double factor, double residual, double liveResidual, double steps) {}

  /**
   * What {@code to_out(to_v(c))} saves against attention on one token.
   *
   * @param attending multiply-adds of all cross-attention in one call of the UNet on one sample
   * @param collapsed of the path without
   * @param attendingSeconds median time of such a call of the whole UNet
   * @param collapsedSeconds likewise without attention
   */
  record Savings(
      long attending, long collapsed, double attendingSeconds, double collapsedSeconds) {}

  /** The same, with how its weights decayed. */
  Diagnosis with(Decay found) {
    return new Diagnosis(model, conditioner, tokens, probes, layers, dead, found, savings);
  }

  /** The blocks of a UNet that cross-attend, in the order of its parameters and its computing. */
  static List<String> blocks(Map<String, Shape> shapes) {
    List<String> blocks = new ArrayList<>();
    for (String name : shapes.keySet()) {
      if (name.endsWith(QUERY)) {
        blocks.add(name.substring(0, name.length() - QUERY.length()));
      }
    }
    return blocks;
  }

  /** Whether a parameter makes queries or keys of a cross-attention. */
  static boolean isQueryOrKey(String name) {
    return name.endsWith(QUERY) || name.endsWith(KEY);
  }

  /** Whether a parameter normalises what only becomes queries. */
  static boolean isQueryNorm(String name) {
    return name.contains(".transformer_blocks.") && name.matches(".*\\.norm2\\.(weight|bias)");
  }

  /** The parameters of queries and keys, with their sizes. */
  static Map<String, Integer> queriesAndKeys(Map<String, Shape> shapes) {
    Map<String, Integer> sizes = new LinkedHashMap<>();
    shapes.forEach(
        (name, shape) -> {
          if (isQueryOrKey(name)) {
            sizes.put(name, shape.size());
          }
        });
    return sizes;
  }

  /** Elements of the dead queries and keys. */
  long deadQueriesAndKeys() {
    return count(true, false);
  }

  /** Elements of the dead norms before them. */
  long deadNorms() {
    return count(false, true);
  }

  private long count(boolean isOfQueriesAndKeys, boolean isOfNorms) {
    return dead.entrySet().stream()
        .filter(
            d ->
                isQueryOrKey(d.getKey()) == isOfQueriesAndKeys
                    && isQueryNorm(d.getKey()) == isOfNorms)
        .mapToLong(Map.Entry::getValue)
        .sum();
  }

  /** All of it in words and a table. */
  String text() {
    StringBuilder text = new StringBuilder();
    text.append(
        "%s: conditioner %s, %d token%s; %d cross-attentions, %d probe%s%n"
            .formatted(
                model,
                conditioner,
                tokens,
                tokens == 1 ? "" : "s",
                layers.size(),
                probes,
                probes == 1 ? "" : "s"));
    text.append("| layer | queries | tokens | entropy, nats | of ln tokens |");
    text.append(" gradient of to_q | of to_k |\n| --- | --- | --- | --- | --- | --- | --- |\n");
    for (Layer layer : layers) {
      String part =
          layer.tokens == 1
              ? "-"
              : "%.1f %%".formatted(100 * layer.entropy / Math.log(layer.tokens));
      text.append(
          "| %s | %d | %d | %.4f | %s | %.3e | %.3e |%n"
              .formatted(
                  layer.name,
                  layer.queries,
                  layer.tokens,
                  layer.entropy,
                  part,
                  layer.queryGradient,
                  layer.keyGradient));
    }
    long others = count(false, false);
    text.append(
        "dead (gradient exactly zero): %,d parameters of to_q and to_k, %,d of norm2, %,d others%n"
            .formatted(deadQueriesAndKeys(), deadNorms(), others));
    dead.forEach((name, size) -> text.append("  %s %,d%n".formatted(name, size)));
    if (decay != null) {
      text.append(
          "dead weights are %.6f times those of the start, but for %.2e of themselves (to_v, which"
                  .formatted(decay.factor, decay.residual)
              + " learns: %.2e); AdamW's decay alone (1e-4 x 0.01) leaves that after %,.0f steps%n"
                  .formatted(decay.liveResidual, decay.steps));
    }
    if (savings != null) {
      text.append(
          "collapsed path: %,d multiply-adds in cross-attention instead of %,d (%.2f %%);"
                  .formatted(
                      savings.collapsed,
                      savings.attending,
                      100.0 * savings.collapsed / savings.attending)
              + " a call of the UNet takes %.1f ms instead of %.1f (median)%n"
                  .formatted(1e3 * savings.collapsedSeconds, 1e3 * savings.attendingSeconds));
    }
    return text.toString();
  }
}
