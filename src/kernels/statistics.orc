# Statistics. 8-bit samples: p = x (255 - x) <= 16256 fits 16 bits, so squares need no wider product.
.function pixelnorm_orc_accumulate_u8
.dest 1 min uint8_t
.dest 1 max uint8_t
.dest 2 sum uint16_t
.dest 2 p uint16_t
.source 1 source uint8_t
.temp 1 x
.temp 2 w
.temp 2 v

loadb x, source
minub min, min, x
maxub max, max, x
convubw w, x
addw sum, sum, w
xorw v, w, 255
mullw p, w, v


# Four frames at once: four p fit 16 bits (4 x 16256 = 65024), so they are added before they are widened, and the
# accumulators are loaded and stored once instead of four times. A destination may be written once: hence a, b, t.
.function pixelnorm_orc_accumulate4_u8
.dest 1 min uint8_t
.dest 1 max uint8_t
.dest 2 sum uint16_t
.dest 2 p uint16_t
.source 1 source0 uint8_t
.source 1 source1 uint8_t
.source 1 source2 uint8_t
.source 1 source3 uint8_t
.temp 1 x
.temp 1 a
.temp 1 b
.temp 2 w
.temp 2 v
.temp 2 t
.temp 2 q

loadb x, source0
minub a, min, x
maxub b, max, x
convubw w, x
addw t, sum, w
xorw v, w, 255
mullw q, w, v
loadb x, source1
minub a, a, x
maxub b, b, x
convubw w, x
addw t, t, w
xorw v, w, 255
mullw w, w, v
addw q, q, w
loadb x, source2
minub a, a, x
maxub b, b, x
convubw w, x
addw t, t, w
xorw v, w, 255
mullw w, w, v
addw q, q, w
loadb x, source3
minub min, a, x
maxub max, b, x
convubw w, x
addw sum, t, w
xorw v, w, 255
mullw w, w, v
addw p, q, w


# 16-bit samples: p = x (65535 - x) < 2^30, so four p fit 32 bits.
.function pixelnorm_orc_accumulate_u16
.dest 2 min uint16_t
.dest 2 max uint16_t
.dest 4 sum uint32_t
.dest 4 p uint32_t
.source 2 source uint16_t
.temp 2 x
.temp 2 v
.temp 4 l

loadw x, source
minuw min, min, x
maxuw max, max, x
convuwl l, x
addl sum, sum, l
xorw v, x, 65535
muluwl p, x, v


.function pixelnorm_orc_accumulate4_u16
.dest 2 min uint16_t
.dest 2 max uint16_t
.dest 4 sum uint32_t
.dest 4 p uint32_t
.source 2 source0 uint16_t
.source 2 source1 uint16_t
.source 2 source2 uint16_t
.source 2 source3 uint16_t
.temp 2 x
.temp 2 v
.temp 2 a
.temp 2 b
.temp 4 l
.temp 4 t
.temp 4 q

loadw x, source0
minuw a, min, x
maxuw b, max, x
convuwl l, x
addl t, sum, l
xorw v, x, 65535
muluwl q, x, v
loadw x, source1
minuw a, a, x
maxuw b, b, x
convuwl l, x
addl t, t, l
xorw v, x, 65535
muluwl l, x, v
addl q, q, l
loadw x, source2
minuw a, a, x
maxuw b, b, x
convuwl l, x
addl t, t, l
xorw v, x, 65535
muluwl l, x, v
addl q, q, l
loadw x, source3
minuw min, a, x
maxuw max, b, x
convuwl l, x
addl sum, t, l
xorw v, x, 65535
muluwl l, x, v
addl p, q, l


.function pixelnorm_orc_add_u32_u64
.dest 8 total uint64_t
.source 4 part uint32_t
.temp 8 q

convulq q, part
addq total, total, q


.function pixelnorm_orc_add_u16_u32
.dest 4 total uint32_t
.source 2 part uint16_t
.temp 4 l

convuwl l, part
addl total, total, l


# Widening of the partial sums, which are cleared.
.function pixelnorm_orc_spill_u16
.dest 8 total uint64_t
.dest 2 part uint16_t
.temp 4 l
.temp 8 q

convuwl l, part
convulq q, l
addq total, total, q
copyw part, 0


.function pixelnorm_orc_spill_u32
.dest 8 total uint64_t
.dest 4 part uint32_t
.temp 8 q

convulq q, part
addq total, total, q
copyl part, 0
