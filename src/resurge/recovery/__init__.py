"""Bring it back: `choose` decides (pure), `workflow` carries out (durable), `actions` do (one file each)."""
