"""Flask glue that every page needs: who may call, who is calling, how errors look."""
