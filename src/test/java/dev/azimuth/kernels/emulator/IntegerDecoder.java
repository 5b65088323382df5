package dev.azimuth.kernels.emulator;

import java.util.function.IntBinaryOperator;
import java.util.function.IntUnaryOperator;
import java.util.function.LongBinaryOperator;
import java.util.function.LongToIntFunction;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/** Arithmetic and logic of integers. */
final class IntegerDecoder {
  private final Decoder decoder;
  private final PtxInstruction instruction;
  private final PtxType type;
  private final boolean signed;
  private final String name;

  IntegerDecoder(Decoder decoder, PtxInstruction instruction) {
    this.decoder = decoder;
    this.instruction = instruction;
    type = instruction.type();
    signed = type.signed();
    name = instruction.toString();
  }

  Step step() {
    if (type == PtxType.PRED) {
      return predicates();
    }
    if (!type.integral()) {
      throw instruction.unsupported("no arithmetic of " + type);
    }
    instruction.allow("lo", "hi", "wide", "l", "r", "wrap", "clamp");
    if (instruction.has("wide")) {
      return wide();
    }
    return type.wide() ? longs() : words();
  }

  private Step predicates() {
    int d = decoder.predicate(instruction, instruction.operand(0));
    int a = decoder.predicate(instruction, instruction.operand(1));
    if (instruction.opcode().equals("not")) {
      return (warp, mask) -> set(warp, d, mask, ~warp.predicates[a]);
    }
    int b = decoder.predicate(instruction, instruction.operand(2));
    return switch (instruction.opcode()) {
      case "and" -> (warp, mask) -> set(warp, d, mask, warp.predicates[a] & warp.predicates[b]);
      case "or" -> (warp, mask) -> set(warp, d, mask, warp.predicates[a] | warp.predicates[b]);
      case "xor" -> (warp, mask) -> set(warp, d, mask, warp.predicates[a] ^ warp.predicates[b]);
      default -> throw instruction.unsupported("no such operation on predicates");
    };
  }

  private static void set(Warp warp, int d, int mask, int truths) {
    warp.predicates[d] = (warp.predicates[d] & ~mask) | (truths & mask);
  }

  /** {@code mul.wide} and {@code mad.wide}: words to a long. */
  private Step wide() {
    if (type.bits() == 16) {
      return wide16();
    }
    if (type.bits() != 32) {
      throw instruction.unsupported("not of 32 bits");
    }
    int d = decoder.longWord(instruction, 0);
    int a = decoder.word(instruction, 1);
    int b = decoder.word(instruction, 2);
    switch (instruction.opcode()) {
      case "mul" -> {
        Loops.Widening product =
            signed ? (x, y) -> (long) x * y : IntegerArithmetic::mulWideUnsigned;
        return Loops.of(Loops.Widen2.class, name, product, d, a, b);
      }
      case "mad" -> {
        Loops.WideningSum sum =
            signed
                ? (x, y, z) -> (long) x * y + z
                : (x, y, z) -> IntegerArithmetic.mulWideUnsigned(x, y) + z;
        return Loops.of(Loops.Widen3.class, name, sum, d, a, b, decoder.longWord(instruction, 3));
      }
      default -> throw instruction.unsupported("unknown opcode");
    }
  }

  private Step wide16() {
    if (!instruction.opcode().equals("mul")) {
      throw instruction.unsupported("unknown opcode");
    }
    PtxType narrow = type;
    IntBinaryOperator product =
        (x, y) -> IntegerArithmetic.extend(narrow, x) * IntegerArithmetic.extend(narrow, y);
    return words2(product);
  }

  private Step words() {
    IntUnaryOperator unary = unary();
    if (unary != null) {
      PtxType narrow = type;
      IntUnaryOperator function =
          type.bits() == 32
              ? unary
              : x -> unary.applyAsInt(IntegerArithmetic.extend(narrow, x)) & 0xFFFF;
      return Loops.of(
          Loops.Words1.class,
          name,
          function,
          decoder.word(instruction, 0),
          decoder.word(instruction, 1));
    }
    IntBinaryOperator binary = binary();
    if (binary != null) {
      PtxType narrow = type;
      return words2(
          type.bits() == 32
              ? binary
              : (x, y) ->
                  binary.applyAsInt(
                          IntegerArithmetic.extend(narrow, x), IntegerArithmetic.extend(narrow, y))
                      & 0xFFFF);
    }
    if (type.bits() != 32) {
      if (instruction.opcode().equals("mad") && instruction.has("lo")) {
        return words3((x, y, z) -> (x * y + z) & 0xFFFF);
      }
      throw instruction.unsupported("not for 16 bits");
    }
    return switch (instruction.opcode()) {
      case "mad" -> words3(multiplyAdd());
      case "sad" ->
          words3(
              signed
                  ? (x, y, z) -> z + (x < y ? y - x : x - y)
                  : (x, y, z) ->
                      z
                          + IntegerArithmetic.maxUnsigned(x, y)
                          - IntegerArithmetic.minUnsigned(x, y));
      case "prmt" -> {
        if (instruction.words().size() > 2) {
          throw instruction.unsupported("prmt with a mode");
        }
        yield words3(IntegerArithmetic::permute);
      }
      case "shf" -> {
        boolean clamp = instruction.has("clamp");
        yield words3(
            instruction.has("l")
                ? (x, y, n) -> IntegerArithmetic.funnelLeft(x, y, n, clamp)
                : (x, y, n) -> IntegerArithmetic.funnelRight(x, y, n, clamp));
      }
      case "bfe" -> {
        boolean extend = signed;
        yield words3((x, p, n) -> (int) IntegerArithmetic.extract(x, p, n, 32, extend));
      }
      case "lop3" -> lookUp();
      case "bfi" -> insertWord();
      default -> throw instruction.unsupported("unknown opcode");
    };
  }

  private Loops.Ternary multiplyAdd() {
    if (instruction.has("lo")) {
      return (x, y, z) -> x * y + z;
    }
    if (instruction.has("hi")) {
      return signed
          ? (x, y, z) -> IntegerArithmetic.mulHigh(x, y) + z
          : (x, y, z) -> IntegerArithmetic.mulHighUnsigned(x, y) + z;
    }
    throw instruction.unsupported("neither lo, hi nor wide");
  }

  private @Nullable IntUnaryOperator unary() {
    return switch (instruction.opcode()) {
      case "neg" -> x -> -x;
      case "abs" -> Math::abs;
      case "not" -> x -> ~x;
      case "cnot" -> x -> x == 0 ? 1 : 0;
      case "popc" -> only32(Integer::bitCount);
      case "clz" -> only32(Integer::numberOfLeadingZeros);
      case "brev" -> only32(Integer::reverse);
      case "bfind" -> {
        boolean ofSigned = signed;
        yield only32(x -> IntegerArithmetic.highestBit(x, ofSigned));
      }
      default -> null;
    };
  }

  private IntUnaryOperator only32(IntUnaryOperator function) {
    if (type.bits() != 32) {
      throw instruction.unsupported("not of 32 bits");
    }
    return function;
  }

  private @Nullable IntBinaryOperator binary() {
    return switch (instruction.opcode()) {
      case "add" -> (x, y) -> x + y;
      case "sub" -> (x, y) -> x - y;
      case "mul" -> product();
      case "div" -> signed ? IntegerArithmetic::div : IntegerArithmetic::divUnsigned;
      case "rem" -> signed ? IntegerArithmetic::rem : IntegerArithmetic::remUnsigned;
      case "min" -> signed ? Math::min : IntegerArithmetic::minUnsigned;
      case "max" -> signed ? Math::max : IntegerArithmetic::maxUnsigned;
      case "and" -> (x, y) -> x & y;
      case "or" -> (x, y) -> x | y;
      case "xor" -> (x, y) -> x ^ y;
      case "shl" -> IntegerArithmetic::shl;
      case "shr" -> signed ? IntegerArithmetic::shrSigned : IntegerArithmetic::shrUnsigned;
      default -> null;
    };
  }

  private IntBinaryOperator product() {
    if (instruction.has("lo")) {
      return (x, y) -> x * y;
    }
    if (instruction.has("hi") && type.bits() == 32) {
      return signed ? IntegerArithmetic::mulHigh : IntegerArithmetic::mulHighUnsigned;
    }
    if (instruction.has("hi")) {
      return (x, y) -> (x * y) >> 16;
    }
    throw instruction.unsupported("neither lo, hi nor wide");
  }

  private Step words2(IntBinaryOperator function) {
    return Loops.of(
        Loops.Words2.class,
        name,
        function,
        decoder.word(instruction, 0),
        decoder.word(instruction, 1),
        decoder.word(instruction, 2));
  }

  private Step words3(Loops.Ternary function) {
    return Loops.of(
        Loops.Words3.class,
        name,
        function,
        decoder.word(instruction, 0),
        decoder.word(instruction, 1),
        decoder.word(instruction, 2),
        decoder.word(instruction, 3));
  }

  private Step lookUp() {
    if (!(instruction.operand(4) instanceof Operand.Literal(long bits))) {
      throw instruction.unsupported("the table is no literal");
    }
    int table = (int) bits;
    Loops.Ternary function = (x, y, z) -> IntegerArithmetic.lookUp(x, y, z, table);
    return Loops.of(
        Loops.Words3.class,
        name + table,
        function,
        decoder.word(instruction, 0),
        decoder.word(instruction, 1),
        decoder.word(instruction, 2),
        decoder.word(instruction, 3));
  }

  private Step insertWord() {
    int d = decoder.word(instruction, 0);
    int a = decoder.word(instruction, 1);
    int b = decoder.word(instruction, 2);
    int position = decoder.word(instruction, 3);
    int length = decoder.word(instruction, 4);
    return (warp, mask) -> {
      int[] ds = warp.wordResult(d, mask);
      for (int i = 0; i < Warp.LANES; i++) {
        ds[i] =
            (int)
                IntegerArithmetic.insert(
                    warp.words[a][i],
                    warp.words[b][i],
                    warp.words[position][i],
                    warp.words[length][i],
                    32);
      }
      warp.commit(d, mask, ds);
    };
  }

  private Step longs() {
    LongBinaryOperator binary =
        switch (instruction.opcode()) {
          case "add" -> (x, y) -> x + y;
          case "sub" -> (x, y) -> x - y;
          case "mul" -> longProduct();
          case "div" -> signed ? IntegerArithmetic::divLong : IntegerArithmetic::divLongUnsigned;
          case "rem" -> signed ? IntegerArithmetic::remLong : IntegerArithmetic::remLongUnsigned;
          case "min" -> signed ? Math::min : IntegerArithmetic::minLongUnsigned;
          case "max" -> signed ? Math::max : IntegerArithmetic::maxLongUnsigned;
          case "and" -> (x, y) -> x & y;
          case "or" -> (x, y) -> x | y;
          case "xor" -> (x, y) -> x ^ y;
          default -> null;
        };
    if (binary != null) {
      return Loops.of(
          Loops.Longs2.class,
          name,
          binary,
          decoder.longWord(instruction, 0),
          decoder.longWord(instruction, 1),
          decoder.longWord(instruction, 2));
    }
    LongUnaryOperator unary =
        switch (instruction.opcode()) {
          case "neg" -> x -> -x;
          case "abs" -> Math::abs;
          case "not" -> x -> ~x;
          case "brev" -> Long::reverse;
          default -> null;
        };
    if (unary != null) {
      return Loops.of(
          Loops.Longs1.class,
          name,
          unary,
          decoder.longWord(instruction, 0),
          decoder.longWord(instruction, 1));
    }
    return switch (instruction.opcode()) {
      case "shl" -> shift(IntegerArithmetic::shlLong);
      case "shr" ->
          shift(signed ? IntegerArithmetic::shrLongSigned : IntegerArithmetic::shrLongUnsigned);
      case "popc" -> count(Long::bitCount);
      case "clz" -> count(Long::numberOfLeadingZeros);
      case "mad" -> {
        LongBinaryOperator product = longProduct();
        Loops.LongTernary function = (x, y, z) -> product.applyAsLong(x, y) + z;
        yield Loops.of(
            Loops.Longs3.class,
            name,
            function,
            decoder.longWord(instruction, 0),
            decoder.longWord(instruction, 1),
            decoder.longWord(instruction, 2),
            decoder.longWord(instruction, 3));
      }
      case "bfe" -> extractLong();
      case "bfi" -> insertLong();
      default -> throw instruction.unsupported("unknown opcode");
    };
  }

  private LongBinaryOperator longProduct() {
    if (instruction.has("lo")) {
      return (x, y) -> x * y;
    }
    if (instruction.has("hi")) {
      return signed ? Math::multiplyHigh : Math::unsignedMultiplyHigh;
    }
    throw instruction.unsupported("neither lo nor hi");
  }

  private Step shift(Loops.Shift function) {
    return Loops.of(
        Loops.ShiftLongs.class,
        name,
        function,
        decoder.longWord(instruction, 0),
        decoder.longWord(instruction, 1),
        decoder.word(instruction, 2));
  }

  private Step count(LongToIntFunction function) {
    return Loops.of(
        Loops.Narrow1.class,
        name,
        function,
        decoder.word(instruction, 0),
        decoder.longWord(instruction, 1));
  }

  private Step extractLong() {
    int d = decoder.longWord(instruction, 0);
    int a = decoder.longWord(instruction, 1);
    int position = decoder.word(instruction, 2);
    int length = decoder.word(instruction, 3);
    boolean extend = signed;
    return (warp, mask) -> {
      long[] ds = warp.longResult(d, mask);
      for (int i = 0; i < Warp.LANES; i++) {
        ds[i] =
            IntegerArithmetic.extract(
                warp.longs[a][i], warp.words[position][i], warp.words[length][i], 64, extend);
      }
      warp.commit(d, mask, ds);
    };
  }

  private Step insertLong() {
    int d = decoder.longWord(instruction, 0);
    int a = decoder.longWord(instruction, 1);
    int b = decoder.longWord(instruction, 2);
    int position = decoder.word(instruction, 3);
    int length = decoder.word(instruction, 4);
    return (warp, mask) -> {
      long[] ds = warp.longResult(d, mask);
      for (int i = 0; i < Warp.LANES; i++) {
        ds[i] =
            IntegerArithmetic.insert(
                warp.longs[a][i],
                warp.longs[b][i],
                warp.words[position][i],
                warp.words[length][i],
                64);
      }
      warp.commit(d, mask, ds);
    };
  }
}
