/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstpixelproperty.h"

void
gst_pixel_property_install_in_use (GObjectClass *klass, guint id)
{
  g_object_class_install_property (klass, id,
      g_param_spec_boxed ("in-use", "In use",
          "The values in use of all properties that can be set. A value differs from its "
          "property until a change takes effect, or if a message said that it did not",
          GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

GstStructure *
gst_pixel_property_get_in_use (GObject *element, GstPixelInUse in_use)
{
  g_autofree GParamSpec **specs = NULL;
  GstStructure *structure = NULL;
  guint n;

  specs = g_object_class_list_properties (G_OBJECT_GET_CLASS (element), &n);
  for (guint i = 0; i < n; i++) {
    GValue value = G_VALUE_INIT;

    if (!(specs[i]->flags & G_PARAM_WRITABLE))
      continue;
    g_value_init (&value, specs[i]->value_type);
    if (!in_use (element, specs[i], &value)) {
      g_value_unset (&value);
      continue;
    }
    if (!structure)
      structure = gst_structure_new_empty ("in-use");
    gst_structure_take_value (structure, specs[i]->name, &value);
  }
  return structure;
}

static gboolean
are_equal (GParamSpec *spec, const GValue *a, const GValue *b)
{
  /* arrays without a specification of their items are compared by length alone there */
  if (GST_VALUE_HOLDS_ARRAY (a))
    return gst_value_compare (a, b) == GST_VALUE_EQUAL;
  return g_param_values_cmp (spec, a, b) == 0;
}

void
gst_pixel_property_warn_of_late (GObject *element, GParamSpec *spec, GstPixelInUse in_use)
{
  g_auto (GValue) set = G_VALUE_INIT, used = G_VALUE_INIT;

  if (!(spec->flags & GST_PARAM_MUTABLE_READY))
    return;
  g_value_init (&set, spec->value_type);
  g_value_init (&used, spec->value_type);
  g_object_get_property (element, spec->name, &set);
  if (in_use (element, spec, &used) && !are_equal (spec, &set, &used))
    GST_ELEMENT_WARNING (element, RESOURCE, SETTINGS,
        ("%s was set while the element runs, and the previous value stays in use. Set it in state "
         "READY or NULL; this value takes effect at the next start.",
            spec->name),
        (GST_PIXEL_PROPERTY_NOT_CHANGED, spec->name));
}
