"""What joins the parts: runs of any source, tables that they searched, curves on a cluster, the doctor."""
