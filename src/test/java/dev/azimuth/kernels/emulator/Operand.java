package dev.azimuth.kernels.emulator;

import java.util.List;

/** An operand as PTX writes it, its registers numbered. */
sealed interface Operand {
  /** A register: of 32 bits or less, of 64 bits, or a predicate. */
  record Register(Bank bank, int index, PtxType type) implements Operand {}

  /** Where a register's lanes are. */
  enum Bank {
    /** An {@code int[32]}; narrower values are zero-extended. */
    WORD,
    /** A {@code long[32]}. */
    LONG,
    /** A bit mask over the lanes. */
    PREDICATE
  }

  /** A predicate and whether it counts negated. */
  record Negated(Register predicate) implements Operand {}

  /** A literal: the bits of an integer, or of a float32 or float64 in PTX's hexadecimal form. */
  record Literal(long bits) implements Operand {}

  /** A read-only register. */
  record Special(SpecialRegister register) implements Operand {}

  /** The name of a variable, a parameter or an instruction. */
  record Symbol(String name) implements Operand {}

  /** {@code [base + offset]}. */
  record Address(Operand base, long offset) implements Operand {}

  /** {@code {a, b}}. */
  record Vector(List<Operand> elements) implements Operand {}

  /** {@code a|b}: two destinations. */
  record Pair(Operand first, Operand second) implements Operand {}

  /** A destination that is thrown away, {@code _}. */
  record Sink() implements Operand {}
}
