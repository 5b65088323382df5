package dev.azimuth.kernels.emulator;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One instruction as parsed.
 *
 * @param words opcode and modifiers, {@code ld.global.f32} cut at its points
 * @param guard the predicate before it, or null
 * @param negated whether the guard counts negated
 * @param operands destinations first
 * @param line its line in the PTX text
 * @param source the line of the CUDA source, {@code FILE:LINE}, or a dash
 */
record PtxInstruction(
    List<String> words,
    Operand.@Nullable Register guard,
    boolean negated,
    List<Operand> operands,
    int line,
    String source) {

  String opcode() {
    return words.getFirst();
  }

  boolean has(String modifier) {
    return words.subList(1, words.size()).contains(modifier);
  }

  Operand operand(int index) {
    if (index >= operands.size()) {
      throw unsupported("it has " + operands.size() + " operands");
    }
    return operands.get(index);
  }

  /** The types among the modifiers, in order. */
  List<PtxType> types() {
    List<PtxType> types = new ArrayList<>();
    for (String word : words.subList(1, words.size())) {
      PtxType type = PtxType.named(word);
      if (type != null) {
        types.add(type);
      }
    }
    return types;
  }

  /** The last type, which is the one that names the operation where there is only one. */
  PtxType type() {
    List<PtxType> types = types();
    if (types.isEmpty()) {
      throw unsupported("it names no type");
    }
    return types.getLast();
  }

  /** Refuses modifiers that are neither types nor among these. */
  void allow(String... modifiers) {
    for (String word : words.subList(1, words.size())) {
      if (PtxType.named(word) == null && !List.of(modifiers).contains(word)) {
        throw unsupported("modifier " + word);
      }
    }
  }

  PtxException unsupported(String why) {
    return new PtxException(line, "the emulator doesn't know " + this + ": " + why);
  }

  @Override
  public String toString() {
    return String.join(".", words);
  }
}
